// Package dmn imports the decision tables of DMN documents (1.1 to 1.5). Content that is not supported, or has another
// meaning here, is reported with its line and a hint; nothing is dropped silently.
//
// Tests and values are FEEL: texts, numbers, true, false, null, date("…") and comparisons, intervals, lists and not(…) of
// them. Inputs are names, paths and arithmetic over them. Functions, contexts, invocations and other FEEL expressions are
// not supported in a cell: compute their value before the table is evaluated.
package dmn
