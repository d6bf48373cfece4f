// Package archtest holds the tests of the architecture: which package may import which.
package archtest
