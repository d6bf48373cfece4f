// Package mrz reads the machine-readable zone of a travel document (ICAO 9303: TD1, TD2 and TD3) from a picture of it.
//
// The zone is two or three lines of 44, 36 or 30 characters of the typeface OCR-B, all of one width. Read finds them by
// that: it separates the text from the background, turns it upright, finds lines of one height that are one below the
// other, fits a grid of equal cells into each, and lets a small neural network estimate how likely each character is in
// each cell. The most likely text that the check digits of the zone allow is the answer. A text is returned only if it
// is likely enough: a person reads what was not read, but a wrong reading would be believed.
//
// The package is pure, and never fails: a picture without a zone has none. Its weights (weights.bin) are made by tools/mrztrain.
package mrz
