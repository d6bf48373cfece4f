// Package crosscheck holds the interpreter of internal/local/states against another one, moto's, on the machines that
// internal/asl compiles: the same script of answers must give the same states, status and output.
//
// A second test runs whole cases in both: the calls are answered over HTTP by the real step handler over a real case, with
// clients' events, vendors' answers, failures, stumbles and doubled tokens drawn from the call they happen at. The log of
// all calls and the record in the end must be the same. 60 machines are played, more than 300 with BALLERINE_NIGHTLY set.
//
// asl_run.py runs moto's interpreter on a virtual clock; fixes.py puts right what it does otherwise than AWS documents.
// Set-up, from the root of the repository:
//
//	python3 -m venv .tools/asl-venv && .tools/asl-venv/bin/pip install -r internal/asl/crosscheck/requirements.txt
package crosscheck
