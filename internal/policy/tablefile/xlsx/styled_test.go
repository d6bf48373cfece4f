package xlsx

import (
	"fmt"
	"testing"

	"github.com/xuri/excelize/v2"
)

// People format more cells than they fill: borders below a table, colours of whole columns.
func TestEmptyCellsWithAStyleDoNotCount(t *testing.T) {
	for _, styled := range []int{0, 61, 62, 63, 1000} {
		f := excelize.NewFile()
		border, err := f.NewStyle(&excelize.Style{Border: []excelize.Border{{Type: "left", Style: 1, Color: "000000"}}})
		check(t, err)
		for i, line := range [][]any{{"hit", "FIRST"}, {"column", "input", "output"}, {"name", "country", "outcome"}, {nil, `"DE"`, "approve"}} {
			check(t, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &line))
		}
		for i := range styled {
			cell, err := excelize.CoordinatesToCellName(1+i%7, 5+i/7)
			check(t, err, f.SetCellStyle("Sheet1", cell, cell, border))
		}
		check(t, f.MergeCell("Sheet1", "E6", "F9"))
		made, found := Read("t.xlsx", saved(t, f), "")
		if len(found) > 0 || len(made.Source.Rows) != 1 || made.Source.Rows[0].Then[0] != "approve" {
			t.Errorf("%d empty cells with a style: %v %v", styled, made.Source.Rows, summary(found))
		}
	}
}
