// Package screening finds people, organizations and vessels of watch lists by their names.
//
// A List is one edition of a watch list, as its issuer published it. Build makes an Index of one or more of them; it is
// never changed, and safe for concurrent use. Search finds every entry whose name, date of birth and country agree with
// those of the query, exactly as if each entry had been compared: the index leaves out only what cannot reach the
// threshold. Package names defines how names are compared, package watchlist reads the issuers' files.
package screening
