// Package metered is a DynamoDB in memory that counts what each table and index would be charged. It knows as much of the
// service as the adapter uses: it passes the adapter's suite, and its figures are compared with those of DynamoDB Local.
package metered
