package cases_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets properties hold for 40 random lives of cases unless the command line sets a number; `make prove` plays 1,000.
func TestMain(m *testing.M) {
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("40"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
