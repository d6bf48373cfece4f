package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/Knetic/govaluate"
)

// read lets govaluate parse the expression and checks that it saw the same tokens as we did. What govaluate would
// misread never reaches it: texts and paths are replaced by numbered names, so no backslash, date or dot is left.
func read(lexemes []lexeme) (expression *govaluate.EvaluableExpression, err *Error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{1, 1, 1, "the expression cannot be read", ""}
		}
	}()
	var source strings.Builder
	functions := map[string]govaluate.ExpressionFunction{}
	for i, l := range lexemes {
		switch l.kind {
		case lexNumber:
			source.WriteString(strconv.FormatFloat(l.number, 'f', -1, 64))
		case lexFunction:
			if _, known := functionTable[l.text]; !known {
				return nil, &Error{1, l.column, l.width, fmt.Sprintf("there is no function %s", l.text), didYouMean(l.text, functionNames())}
			}
			functions[l.text] = func(...any) (any, error) { return nil, nil }
			source.WriteString(l.text)
		case lexText, lexPath, lexConstant:
			fmt.Fprintf(&source, "[v%d]", i)
		default:
			source.WriteString(l.text)
		}
		source.WriteByte(' ')
	}
	expression, failed := govaluate.NewEvaluableExpressionWithFunctions(source.String(), functions)
	if failed != nil {
		return nil, &Error{1, 1, lexemes[len(lexemes)-1].column + lexemes[len(lexemes)-1].width - 1, "the expression cannot be read: " + plain(failed.Error(), lexemes), ""}
	}
	if len(expression.Tokens()) != len(lexemes) {
		return nil, &Error{1, 1, 1, "the expression is ambiguous", "add parentheses and spaces"}
	}
	return expression, nil
}

// plain restates govaluate's message in the terms of the source: numbered names are replaced by what was written.
func plain(message string, lexemes []lexeme) string {
	message = strings.ToLower(message[:1]) + message[1:]
	for i := len(lexemes) - 1; i >= 0; i-- {
		message = strings.ReplaceAll(message, fmt.Sprintf("v%d", i), lexemes[i].text)
	}
	return message
}
