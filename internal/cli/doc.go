// Package cli holds the commands bothways and bothways-responder.
package cli
