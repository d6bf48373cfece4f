package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"ballerine/internal/connector"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

func connectorCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "connector", Short: "Take vendor plugins from the catalogue, validate, try, verify and test them without the vendors, and show how these answer"}
	strictFlag(cmd)
	cmd.AddCommand(connectorListCommand(), connectorAddCommand(), connectorShapesCommand(), connectorValidateCommand(), connectorTryCommand(), connectorVerifyCommand(), connectorTestCommand(), connectorHealthCommand())
	return cmd
}

// readPlugin compiles the plugin of a file; it fails when that has errors, and prints warnings.
func readPlugin(cmd *cobra.Command, file string) (*connector.Plugin, error) {
	text, err := readFile(cmd, file)
	if err != nil {
		return nil, err
	}
	if err := hasKind(file, text, registry.Plugin); err != nil {
		return nil, err
	}
	plugin, found := connector.ParsePlugin(file, text)
	return plugin, passed(cmd, found)
}

func connectorValidateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "validate FILE...", Short: "Report all problems at once, each with its place and a hint", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			all := problem.Diagnostics{}
			for _, file := range files {
				text, err := readFile(cmd, file)
				if err != nil {
					return err
				}
				if err := hasKind(file, text, registry.Plugin); err != nil {
					return err
				}
				_, found := connector.ParsePlugin(file, text)
				all = append(all, found...)
			}
			return reportDiagnostics(cmd, all, len(files))
		},
	}
}

// previewed is what connector try prints.
type previewed struct {
	Request  connector.Preview   `json:"request"`
	Further  []connector.Preview `json:"further,omitempty"` // the requests after the first
	Result   any                 `json:"result,omitempty"`
	Awaiting bool                `json:"awaiting,omitempty"`
	Accepted any                 `json:"accepted,omitempty"`

	Correlation string `json:"correlation,omitempty"` // the vendor's id
}

func connectorTryCommand() *cobra.Command {
	var contextFile, inputFile, documentsFile, callbackFile, settingsFile string
	var settings, answerFiles []string
	var status int
	cmd := &cobra.Command{
		Use: "try FILE", Short: "Show the request that would be sent, with secrets masked, and the result of an answer", Args: cobra.ExactArgs(1),
		Long: "Shows the request that would be sent, and the result of an answer. Nothing is sent, and no secret is read:\n" +
			"__secret.NAME__ stands for it.",
		RunE: func(cmd *cobra.Command, args []string) error {
			plugin, err := readPlugin(cmd, args[0])
			if err != nil {
				return err
			}
			call := connector.Call{}
			if call.Context, err = readObject(cmd, contextFile); err != nil {
				return err
			}
			if call.Input, err = readObject(cmd, inputFile); err != nil {
				return err
			}
			if call.Documents, err = readDocuments(cmd, documentsFile); err != nil {
				return err
			}
			if settingsFile == "" && args[0] != "-" {
				settingsFile = settingsOf(rootOf(args[0]))
			}
			named, err := vendorSettings(cmd, settingsFile, settings)
			if err != nil {
				return err
			}
			shown := previewed{}
			if shown.Request, err = plugin.Preview(cmd.Context(), call, named); err != nil {
				return err
			}
			if err := shown.answer(cmd, plugin, call, named, answerFiles, status); err != nil {
				return printedFirst(cmd, shown, err)
			}
			if callbackFile != "" {
				text, err := readValue(cmd, callbackFile)
				if err != nil {
					return err
				}
				if shown.Result, shown.Correlation, err = plugin.CalledBack(call, shown.Accepted, nil, text); err != nil {
					return printedFirst(cmd, shown, err)
				}
				shown.Awaiting = false
			}
			return printTried(cmd, shown)
		},
	}
	cmd.Flags().StringVar(&contextFile, "context", "", "context of the case: JSON object, or a file with one; - is standard input")
	cmd.Flags().StringVar(&inputFile, "input", "", "the work's input.with: JSON object, or a file with one; - is standard input")
	cmd.Flags().StringVar(&documentsFile, "documents", "", "documents of the case: JSON list of objects with id, kind, side, content_type, size and sha256, or a file with one; - is standard input")
	cmd.Flags().StringArrayVar(&answerFiles, "answer", nil, "body of the vendor's answer: JSON, or a file; - is standard input; of a plugin with several calls once for each, in their order")
	cmd.Flags().IntVar(&status, "status", 200, "HTTP status of the vendor's answer; of several, of the last")
	cmd.Flags().StringVar(&callbackFile, "callback", "", "body of a callback (its signature is not verified): JSON, or a file; - is standard input")
	cmd.Flags().StringArrayVar(&settings, "setting", nil, "NAME=VALUE: value of {vendor.NAME}; default: https://NAME.invalid")
	cmd.Flags().StringVar(&settingsFile, "settings", "", "YAML or JSON file of settings; default: settings.yaml of the project that the plugin belongs to")
	return cmd
}

// readDocuments reads the documents of a case that is only tried; their contents are not needed.
func readDocuments(cmd *cobra.Command, value string) (found []connector.Document, err error) {
	if value == "" {
		return nil, nil
	}
	text, err := readValue(cmd, value)
	if err != nil {
		return nil, err
	}
	var written []wholeDocument
	if json.Unmarshal(text, &written) != nil {
		return nil, problem.New(problem.Invalid, "%s is not a JSON list of documents.", placeOf(value))
	}
	for _, d := range written {
		found = append(found, connector.Document{ID: d.ID, Kind: d.Kind, Side: d.Side, ContentType: d.ContentType, SHA256: d.SHA256, Size: d.Size})
	}
	return found, nil
}

func (t *previewed) answer(cmd *cobra.Command, plugin *connector.Plugin, call connector.Call, named map[string]string, files []string, status int) error {
	if len(files) == 0 && !cmd.Flags().Changed("status") {
		return nil
	}
	if len(files) > 1 && !plugin.Several() {
		return problem.New(problem.Invalid, "%s makes one call, and there are %d answers.", plugin.ID, len(files))
	}
	answers := []connector.Answer{}
	for _, file := range files {
		text, err := readValue(cmd, file)
		if err != nil {
			return err
		}
		answers = append(answers, connector.Answer{Body: text})
	}
	if len(answers) == 0 {
		answers = append(answers, connector.Answer{})
	}
	last := len(answers) - 1
	answers[last].Status = status
	if plugin.Several() {
		return t.several(cmd, plugin, call, named, answers)
	}
	outcome, err := plugin.Answered(cmd.Context(), call, answers[last])
	t.Result, t.Awaiting, t.Accepted, t.Correlation = outcome.Result, outcome.Awaiting, outcome.Accepted, outcome.Correlation
	return err
}

// several shows the calls of a plugin that makes several, and the result of their answers.
func (t *previewed) several(cmd *cobra.Command, plugin *connector.Plugin, call connector.Call, named map[string]string, answers []connector.Answer) error {
	outcome, requests, err := plugin.AnsweredBy(cmd.Context(), call, named, answers)
	if len(requests) > 1 {
		t.Further = requests[1:]
	}
	t.Result, t.Awaiting, t.Accepted, t.Correlation = outcome.Result, outcome.Awaiting, outcome.Accepted, outcome.Correlation
	return err
}

// printedFirst shows the request before the error that an answer has.
func printedFirst(cmd *cobra.Command, shown previewed, err error) error {
	if printErr := printTried(cmd, shown); printErr != nil {
		return printErr
	}
	return err
}

func printTried(cmd *cobra.Command, shown previewed) error {
	out := cmd.OutOrStdout()
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	if asJSON(cmd) {
		return lines.Encode(shown)
	}
	lines.SetIndent("", "  ")
	for i, request := range append([]connector.Preview{shown.Request}, shown.Further...) {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := printRequest(out, lines, request); err != nil {
			return err
		}
	}
	if shown.Awaiting {
		fmt.Fprintln(out, "\nThe vendor has accepted the request and calls back.")
	}
	if shown.Correlation != "" {
		fmt.Fprintln(out, "\nvendor's id: "+shown.Correlation)
	}
	for _, one := range []struct {
		title string
		value any
	}{{"stored: ", shown.Accepted}, {"result:", shown.Result}} {
		if one.value == nil {
			continue
		}
		fmt.Fprintf(out, "\n%s\n", one.title)
		if err := lines.Encode(one.value); err != nil {
			return err
		}
	}
	return nil
}

// printRequest prints one request.
func printRequest(out io.Writer, lines *json.Encoder, request connector.Preview) error {
	fmt.Fprintf(out, "%s %s\n", request.Method, request.URL)
	for _, name := range slices.Sorted(maps.Keys(request.Headers)) {
		fmt.Fprintf(out, "%s: %s\n", name, request.Headers[name])
	}
	if len(request.Body) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	if text := ""; json.Unmarshal(request.Body, &text) == nil { // a form, parts, text or XML
		fmt.Fprintln(out, text)
		return nil
	}
	return lines.Encode(request.Body)
}

// connectorReport is the results of the cases of some plugins.
type connectorReport struct {
	Passed  int               `json:"passed"`
	Failed  int               `json:"failed"`
	Plugins []testedConnector `json:"plugins"`
}

type testedConnector struct {
	File   string                 `json:"file"`
	Plugin string                 `json:"plugin"`
	Cases  []connector.CaseResult `json:"cases"`
	Kit    []connector.CaseResult `json:"kit"`
}

func connectorTestCommand() *cobra.Command {
	casesOnly := false
	cmd := &cobra.Command{
		Use: "test FILE...", Short: "Run the test cases in plugins, and the conformance kit; nothing is sent", Args: cobra.MinimumNArgs(1),
		Long: "Runs the test cases of plugins, and then the conformance kit: a simulated vendor, which starts from the first case with a good answer (and\n" +
			"callback), fails, is busy, slow or breaks off, answers with garbage and in part, repeats secrets, calls back late, twice, changed and\n" +
			"with wrong signatures.",
		RunE: func(cmd *cobra.Command, files []string) error {
			report := connectorReport{Plugins: []testedConnector{}}
			for _, file := range files {
				plugin, err := readPlugin(cmd, file)
				if err != nil {
					return err
				}
				one := testedConnector{File: file, Plugin: plugin.ID, Cases: plugin.RunCases(cmd.Context()), Kit: []connector.CaseResult{}}
				if !casesOnly {
					one.Kit = append(one.Kit, plugin.Conform(cmd.Context())...)
				}
				if !casesOnly && len(one.Kit) == 0 {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s: the conformance kit did not run: it starts from a case whose answer is a result or an acceptance, and the plugin has none\n", file)
				}
				report.add(cmd, one)
			}
			if asJSON(cmd) {
				if err := json.NewEncoder(cmd.OutOrStdout()).Encode(report); err != nil {
					return err
				}
			} else {
				fmt.Fprintf(cmd.OutOrStdout(), "%d passed, %d failed\n", report.Passed, report.Failed)
			}
			if report.Failed > 0 {
				return problem.New(problem.Invalid, "%d test cases of the plugins fail.", report.Failed)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&casesOnly, "cases-only", false, "only run the test cases, without the conformance kit")
	return cmd
}

// add counts the results of a plugin, and prints those that fail.
func (r *connectorReport) add(cmd *cobra.Command, one testedConnector) {
	r.Plugins = append(r.Plugins, one)
	for i, result := range slices.Concat(one.Cases, one.Kit) {
		if result.Passed {
			r.Passed++
			continue
		}
		r.Failed++
		name := result.Name
		if i >= len(one.Cases) {
			name = "kit: " + name
		}
		for _, message := range result.Problems {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d:1: %s: %s\n", one.File, result.Line, name, message)
		}
	}
}
