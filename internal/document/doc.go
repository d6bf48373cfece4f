// Package document checks what was uploaded: is a file of the kind that it was announced to be, is an image whole and
// large enough, and what does the machine-readable zone (ICAO 9303, TD1, TD2 and TD3) say.
//
// It is pure: bytes, declared properties and the time come in, a Report goes out. The report goes into the case's
// context, so it holds what rules need (matches, expiry, states) and neither names nor document numbers. The document
// number is left out altogether: an unkeyed digest of so short a thing could be turned back by trying.
// Findings never carry values: they name the field and what is wrong with it.
//
// There is no optical reading here: a zone is given as text, in a document's property "mrz".
package document
