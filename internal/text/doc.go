// Package text compares texts and finds invisible characters.
//
// Everything that compares texts regardless of case (operators, lists, names) uses Fold, so that all places agree;
// everything that looks for names by letters that a plain keyboard has (the search, names in addresses) uses Plain;
// everything that people enter is checked with Hidden before it is stored.
package text
