// Package report renders a diagnosis: as text for a terminal and as JSON for scripts.
//
// [Build] puts evidence and diagnosis into a [Report], which is the JSON contract
// "bothways/report/v1"; within v1 fields are only added. Units are in the names of
// fields, and null is what is not known. The text is made from the Report alone.
package report
