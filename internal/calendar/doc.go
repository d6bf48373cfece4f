// Package calendar adds and counts calendar units. It is the only place where months and years become dates, so that
// deadlines and the reports about them agree.
//
// A date that does not exist becomes the last day of its month: one month after 31 January is 28 or 29 February, one year
// after 29 February 2028 is 28 February 2029. XML Schema (Part 2, appendix E), java.time and Temporal do the same;
// time.Time.AddDate overflows into March, and internal/archtest forbids it in other packages.
package calendar
