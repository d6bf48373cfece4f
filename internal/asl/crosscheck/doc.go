// Package crosscheck holds the interpreter of internal/local/states against another one, moto's, on the machines that
// internal/asl compiles: the same script of answers must give the same states, status and output.
//
// asl_run.py runs moto's interpreter on a virtual clock; fixes.py puts right what it does otherwise than AWS documents.
// Set-up, from the root of the repository:
//
//	python3 -m venv .tools/asl-venv && .tools/asl-venv/bin/pip install -r internal/asl/crosscheck/requirements.txt
package crosscheck
