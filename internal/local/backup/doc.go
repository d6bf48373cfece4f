// Package backup writes a data folder to one archive and restores it.
//
// A backup is a ZIP archive of the files with a manifest of their sizes and SHA-256 digests. The data file is a consistent
// copy. The objects of the local object store never change after they are written (but for the catalogues of watch lists, which are replaced whole), and are copied after the data file, so
// that every document that the data file names is in the backup. The archive contains personal data and secrets: protect it
// like the folder itself.
package backup
