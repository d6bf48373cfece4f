// Package crosscheck compares the interpreter of internal/asl/interpret with moto's on the machines that internal/asl
// compiles: the same script of results must lead to the same states, status and output.
//
// A second test runs whole cases in both: the real step handler serves the calls over HTTP for a real case, with client
// events, vendor results, failures, conflicts and repeated tokens drawn at random. The log of all calls and the final record
// must be equal. It plays 60 machines, and more than 300 with BALLERINE_NIGHTLY set.
//
// asl_run.py runs moto's interpreter on a virtual clock; fixes.py corrects where it differs from the documentation of AWS.
// Set-up, from the root of the repository:
//
//	python3 -m venv .tools/asl-venv && .tools/asl-venv/bin/pip install -r internal/asl/crosscheck/requirements.txt
package crosscheck
