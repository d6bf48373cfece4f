package tablefile

import "testing"

func TestANumberThatIsNotExactIsReportedWithItsCell(t *testing.T) {
	for _, number := range []string{"12345678901234567890", "-9007199254740993", "1e400"} {
		_, found := ReadCSV("t.csv", []byte("hit,FIRST\ncolumn,input,output,output\nname,country,outcome,code\n,\"\"\"DE\"\"\",approve,"+number+"\n"))
		if len(found) != 1 || found[0].Code != "inexact" || found[0].Line != 4 || found[0].Hint == "" {
			t.Errorf("%s: %v", number, found)
		}
	}
	made, found := ReadCSV("t.csv", []byte("hit,FIRST\ncolumn,input,output,output\nname,country,outcome,code\n,\"\"\"DE\"\"\",approve,007\n"))
	if len(found) > 0 || made.Source.Rows[0].Then[1] != "007" {
		t.Errorf("a code with zeros in front is %v (%v)", made.Source.Rows, found)
	}
}
