// Package house holds the repository's test of itself: the floors that imports run
// down, documentation for every exported name, and the other rules of CONTRIBUTING.md
// that a machine can check.
package house
