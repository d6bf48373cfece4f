// Package docscan checks uploaded files: whether a file has the announced type, whether an image is intact, large enough and
// not blank, and what its machine-readable zone (ICAO 9303, TD1, TD2 and TD3) contains.
//
// It is pure: it takes bytes, declared properties and the time, and returns a Report. The report becomes part of the context
// of the case. It contains what rules need (matches, expiry, states), but no names and no document numbers, not even as a
// digest: a digest of a short value can be reversed by trying all values. Findings name the field and the problem, never
// values.
//
// Typed properties ("mrz", "expires", "number") are declared: they are compared, and confirm nothing. Data found in the file
// is read: package zone reads that of a picture for LookAt, and Input.Read takes what any reader has read.
package docscan
