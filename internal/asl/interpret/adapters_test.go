package interpret_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ballerine/internal/asl/interpret"
	"ballerine/internal/asl/interpret/interprettest"
	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/store/embedded"
)

func TestExecutionsSurviveInTheEmbeddedFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data.db")
	definition := wait(`"TimeoutSecondsPath":"$.seconds","Catch":[{"ErrorEquals":["States.Timeout"],"ResultPath":"$.error","Next":"Caught"}],`)
	w := &world{t: t, clock: interprettest.NewVirtual(epoch), invoke: func(*world, call) (string, error) { return `{}`, nil }}
	reopen := func() *embedded.DB {
		db, err := embedded.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		w.journal = interpret.Buckets{DB: db}
		w.open(definition)
		machine, err := interpret.Load([]byte(definition), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.engine.Register("kyc-v3", machine); err != nil {
			t.Fatal(err)
		}
		if err := w.engine.Recover(context.Background()); err != nil {
			t.Fatal(err)
		}
		return db
	}
	ctx, ref := context.Background(), cases.Machine{Tenant: "demo", Workflow: cases.WorkflowRef{ID: "kyc", Version: 3}}
	db := reopen()
	executions := interpret.Executions{Engine: w.engine}
	input := cases.ExecutionInput{Tenant: "demo", Case: "case_1", Label: "a", Visit: 1, Seconds: 60}
	for _, name := range []string{"case_1-1", "case_2-1", "case_1-1"} {
		if err := executions.Start(ctx, ref, name, input); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Settle(w.engine)
	calls := w.called()
	if len(calls) != 2 {
		t.Fatalf("%d calls", len(calls))
	}
	if err := w.engine.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	db = reopen()
	defer db.Close()
	executions = interpret.Executions{Engine: w.engine}
	input.Label = "b"
	for range 2 { // the second time nobody waits: no error
		if err := executions.Wake(ctx, calls[0].token(), input); err != nil {
			t.Fatal(err)
		}
	}
	w.advance(61 * time.Second)
	ends := map[string]int{}
	for _, name := range []string{"case_1-1", "case_2-1"} {
		if running, err := executions.Running(ctx, ref, name); err != nil || running {
			t.Errorf("%s is running: %v, %v", name, running, err)
		}
		d, err := w.engine.Describe(ctx, "kyc-v3", name)
		if err != nil {
			t.Fatal(err)
		}
		ends[d.State]++
	}
	if ends["Done"] != 1 || ends["Caught"] != 1 {
		t.Errorf("one was woken, one timed out: %v", ends)
	}
	if running, err := executions.Running(ctx, ref, "never"); err != nil || running {
		t.Errorf("unknown: %v %v", running, err)
	}
	if err := executions.Stop(ctx, ref, "never", ""); err != nil {
		t.Error(err)
	}
	if err := executions.Start(ctx, cases.Machine{Workflow: cases.WorkflowRef{ID: "other", Version: 1}}, "x", input); problem.CodeOf(err) != problem.NotFound {
		t.Errorf("unknown machine: %v", err)
	}
}

func TestLoadRefusesByNameWhatItDoesNotKnow(t *testing.T) {
	state := func(text string) string {
		return `{"StartAt":"A","States":{"A":` + text + `,"B":{"Type":"Succeed"}}}`
	}
	refused := map[string]struct{ definition, place string }{
		"not JSON":                  {`{`, "$"},
		"Parallel without branches": {state(`{"Type":"Parallel","Branches":[],"Next":"B"}`), "States.A.Branches"},
		"Parallel with Catch":       {state(`{"Type":"Parallel","Branches":[{"StartAt":"X","States":{"X":{"Type":"Succeed"}}}],"Catch":[],"Next":"B"}`), "States.A.Catch"},
		"a branch that leads out":   {state(`{"Type":"Parallel","Branches":[{"StartAt":"X","States":{"X":{"Type":"Pass","Next":"B"}}}],"Next":"B"}`), "States.A.Branches[0].States.X"},
		"Map":                       {state(`{"Type":"Map","Next":"B"}`), "States.A.Type"},
		"JSONata":                   {`{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Succeed"}}}`, "QueryLanguage"},
		"Assign":                    {state(`{"Type":"Pass","Assign":{"x":1},"Next":"B"}`), "States.A.Assign"},
		"another resource":          {state(`{"Type":"Task","Resource":"arn:aws:states:::sns:publish","Parameters":{"FunctionName":"f"},"Next":"B"}`), "States.A.Resource"},
		"another parameter":         {state(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f","Qualifier":"1"},"Next":"B"}`), "States.A.Parameters.Qualifier"},
		"intrinsic function":        {state(`{"Type":"Pass","Parameters":{"x.$":"States.UUID()"},"Next":"B"}`), "States.A.Parameters"},
		"path to several places":    {state(`{"Type":"Pass","OutputPath":"$.a[*]","Next":"B"}`), "States.A.OutputPath"},
		"filter in a path":          {state(`{"Type":"Pass","OutputPath":"$.a[?(@.b)]","Next":"B"}`), "States.A.OutputPath"},
		"another comparison":        {state(`{"Type":"Choice","Choices":[{"Variable":"$.n","NumericEquals":1,"Next":"B"}]}`), "States.A.Choices.NumericEquals"},
		"another member":            {state(`{"Type":"Succeed","Colour":"red"}`), "States.A.Colour"},
		"dangling Next":             {state(`{"Type":"Pass","Next":"C"}`), "States.A"},
		"neither Next nor End":      {state(`{"Type":"Pass"}`), "States.A"},
		"no start":                  {`{"StartAt":"X","States":{"A":{"Type":"Succeed"}}}`, "StartAt"},
		"no substitution":           {state(`{"Type":"Fail","Error":"${Nothing}"}`), "$"},
		"unknown retrier member":    {state(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f"},"Retry":[{"ErrorEquals":["a"],"Colour":1}],"Next":"B"}`), "States.A.Retry"},
	}
	for name, c := range refused {
		t.Run(name, func(t *testing.T) {
			_, err := interpret.Load([]byte(c.definition), nil)
			if problem.CodeOf(err) != problem.Invalid {
				t.Fatalf("not refused: %v", err)
			}
			var places []string
			for _, f := range problem.As(err).Fields {
				places = append(places, f.Location)
			}
			if !strings.Contains(" "+strings.Join(places, " ")+" ", " "+c.place+" ") {
				t.Errorf("places %v, want %s", places, c.place)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(journey))
	f.Add([]byte(wait("")))
	f.Add([]byte(`{"StartAt":"A","States":{"A":{"Type":"Choice","Choices":[{"Not":{"And":[{"Variable":"$['a'][0].b","StringEquals":""}]},"Next":"A"}]}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		machine, err := interpret.Load(text, nil)
		if (machine == nil) != (err != nil) {
			t.Errorf("machine %v, error %v", machine, err)
		}
	})
}
