// Package archtest holds the import rules of this module: which package may
// know which. It has no code of its own, only a test with a table.
//
// Imports point at the domain: channels knows nobody, the packages around it
// know as little as they can, and only cmd/holdfast sees all. The rules look at
// the direct imports of the code that ships; tests may import what they need.
// Since every package of ours stands in the table, what is held for direct
// imports holds for indirect ones too.
//
// To add a package, or an import between two of ours, change the table in
// rules_test.go; the change is then a line in review with its reason.
package archtest
