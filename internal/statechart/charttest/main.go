package charttest

import (
	"flag"
	"os"
	"testing"
)

// Main runs a package's tests with 500 random charts unless the command line sets a number; `make prove` plays 10,000.
func Main(m *testing.M) {
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("500"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
