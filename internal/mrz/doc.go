// Package mrz reads the machine-readable zone of a travel document (ICAO 9303: TD1, TD2 and TD3) from a picture of it.
//
// The zone is two or three lines of 44, 36 or 30 characters of the typeface OCR-B, all of one width. Read finds them by that: it takes the text
// apart from the ground, turns it upright, finds lines of one height that stand one below the other, fits a grid of equal cells into each, and
// lets a small neural network say how likely each character is in each cell. The most likely text that the check digits of the zone allow is the
// answer. A text is returned only when it is likely enough: what is not read is for a person, and what is read wrongly would be believed.
//
// The package is pure, and never fails: a picture without a zone has none. Its weights (weights.bin) are made by tools/mrztrain.
package mrz
