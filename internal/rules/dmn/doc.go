// Package dmn reads the decision tables of DMN documents (1.1 to 1.5) and says what else stands in them. What has another
// meaning here, or none, is a problem with its line and a hint; nothing is left out in silence.
//
// Tests and values are FEEL: texts, numbers, true, false, null, date("…") and comparisons, intervals, lists and not(…) of
// them. Inputs are names, paths and arithmetic over them. Functions, contexts, invocations and whatever else FEEL can
// compute has no place in a cell: it is computed before the table is asked.
package dmn
