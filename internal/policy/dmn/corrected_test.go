package dmn

import (
	"fmt"
	"strings"
	"testing"
)

const twoInputs = `<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="n" namespace="x">
  <inputData name="%[1]s"><variable name="%[1]s" typeRef="number"/></inputData><inputData name="%[2]s"><variable name="%[2]s" typeRef="number"/></inputData>
  <decision id="dec" name="dec"><decisionTable hitPolicy="FIRST">
    <input><inputExpression typeRef="number"><text>%[1]s</text></inputExpression></input>
    <input><inputExpression typeRef="number"><text>%[2]s</text></inputExpression></input>
    <output name="outcome" typeRef="string"/>
    <rule><inputEntry><text>&gt;= 18</text></inputEntry><inputEntry><text>&gt;= 3000</text></inputEntry><outputEntry><text>"approve"</text></outputEntry></rule>
  </decisionTable></decision></definitions>`

func TestTwoNamesAreNeverOneField(t *testing.T) {
	for _, two := range [][2]string{{"年龄", "收入"}, {"Alter (Jahre)", "Alter-Jahre"}, {"Größe", "Gräße"}, {"a b", "a_b"}} {
		text := []byte(fmt.Sprintf(twoInputs, two[0], two[1]))
		m, failed := Read("t.dmn", text, nil)
		if len(failed) > 0 || len(m.Decisions) != 1 || !strings.Contains(summary(m.Decisions[0].Problems)+",", " merged,") {
			t.Errorf("%s and %s: %v %v", two[0], two[1], failed, m.Decisions)
			continue
		}
		m, _ = Read("t.dmn", text, map[string]string{two[0]: "age", two[1]: "income"})
		d := m.Decisions[0]
		if d.Problems.Failed() || d.Source.Inputs[0].Expression != "age" || d.Source.Inputs[1].Expression != "income" {
			t.Errorf("%s and %s by name: %v %v", two[0], two[1], summary(d.Problems), d.Source.Inputs)
		}
	}
	m, _ := Read("t.dmn", []byte(fmt.Sprintf(twoInputs, "Monthly income", "Monthly income")), nil)
	if d := m.Decisions[0]; d.Problems.Failed() {
		t.Errorf("a name that is there twice is refused: %v", summary(d.Problems))
	}
}

func TestANumberThatIsNotExactIsReportedInDMN(t *testing.T) {
	text := strings.Replace(fmt.Sprintf(twoInputs, "a", "b"), "&gt;= 18", "&gt;= 12345678901234567890", 1)
	m, _ := Read("t.dmn", []byte(text), nil)
	if d := m.Decisions[0]; !d.Problems.Failed() || !strings.Contains(d.Problems[0].Message, "2^53") {
		t.Errorf("%v", d.Problems)
	}
}
