// Package xlsx reads and writes decision tables as Excel and LibreOffice workbooks, in the layout of package tablefile. Only
// the command line links it: its library is too large for a function.
package xlsx
