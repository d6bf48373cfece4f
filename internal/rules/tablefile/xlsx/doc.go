// Package xlsx reads and writes decision tables as workbooks of Excel and LibreOffice, laid out as package tablefile says. It
// is for the command line: the library that writes them is too large for a function.
package xlsx
