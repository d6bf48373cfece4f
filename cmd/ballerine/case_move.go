package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ballerine/internal/httpapi"
	"ballerine/internal/problem"
)

// casePath is the path of a case in the interface, and of what belongs to it.
func casePath(id string, parts ...string) string {
	path := "/v1/cases/" + url.PathEscape(id)
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// onceFlag adds the key under which a call may be repeated.
func onceFlag(cmd *cobra.Command, key *string) {
	cmd.Flags().StringVar(key, "idempotency-key", "", "idempotency key: repeating the same command with it has no further effect; default: random")
}

func once(key string) http.Header {
	if key == "" {
		return nil
	}
	return http.Header{"Idempotency-Key": {key}}
}

func caseStartCommand(t *target) *cobra.Command {
	var data, subject objectInput
	var version int
	var external, key string
	cmd := &cobra.Command{
		Use: "start WORKFLOW", Short: "Start a case of a running system", Args: cobra.ExactArgs(1),
		Example: "  ballerine case start kyc --external-id cust-42 --set applicant.country=SE --set applicant.name.given=Anna\n" +
			"  ballerine case start kyc --context applicant.json --subject-set type=individual --subject-set external_id=cust-42",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := onlyOneReads(data.file, subject.file); err != nil {
				return err
			}
			body := map[string]any{"workflow": args[0]}
			if version < 0 {
				return usageError{errors.New("--version must be a version number")}
			}
			if version > 0 {
				body["version"] = version
			}
			if external != "" {
				body["external_id"] = external
			}
			for name, input := range map[string]*objectInput{"context": &data, "subject": &subject} {
				object, err := input.read(cmd)
				if err != nil {
					return err
				}
				if object != nil {
					body[name] = object
				}
			}
			return t.moveCase(cmd, message{method: http.MethodPost, path: "/v1/cases", body: body, header: once(key)})
		},
	}
	data.flags(cmd, "context", "set", "the context")
	subject.flags(cmd, "subject", "subject-set", "the subject")
	cmd.Flags().IntVar(&version, "version", 0, "version of the workflow; default: the latest")
	cmd.Flags().StringVar(&external, "external-id", "", "the case's id in your system")
	onceFlag(cmd, &key)
	return cmd
}

// moveCase makes a call that returns the changed case, and prints it.
func (t *target) moveCase(cmd *cobra.Command, m message) error {
	r, err := t.system()
	if err != nil {
		return err
	}
	var after httpapi.Case
	if err := r.send(cmd.Context(), m, &after); err != nil {
		return err
	}
	if asJSON(cmd) {
		return printJSON(cmd, after)
	}
	return printCases(cmd, []httpapi.Case{after})
}

func caseSendCommand(t *target) *cobra.Command {
	var payload objectInput
	var key string
	cmd := &cobra.Command{
		Use: "send CASE EVENT", Short: "Send an event to a case of a running system", Args: cobra.ExactArgs(2),
		Example: "  ballerine case send case_01M… SUBMIT\n  ballerine case send case_01M… PAID --set amount=120 --set currency=EUR",
		RunE: func(cmd *cobra.Command, args []string) error {
			body := map[string]any{"type": args[1]}
			given, err := payload.read(cmd)
			if err != nil {
				return err
			}
			if given != nil {
				body["payload"] = given
			}
			return t.moveCase(cmd, message{method: http.MethodPost, path: casePath(args[0], "events"), body: body, header: once(key)})
		},
	}
	payload.flags(cmd, "payload", "set", "the event's payload")
	onceFlag(cmd, &key)
	return cmd
}

// decision is the input of case decide.
type decision struct {
	version                            int
	reason, comment, message, onBehalf string
	hits, documents                    []string
	undo                               time.Duration
}

func caseDecideCommand(t *target) *cobra.Command {
	var d decision
	cmd := &cobra.Command{
		Use: "decide CASE EVENT --version N", Short: "Decide a case of a running system, based on the version that you have reviewed", Args: cobra.ExactArgs(2),
		Long: "Decides a case, or confirms the decision of another person (four eyes). --version is the version that `ballerine case show` printed:\n" +
			"a case that has changed since is not decided, and the changes are listed. With a person's token, that person decides; a key with the\n" +
			"permission cases:decide must name the person with --as.",
		Example: "  ballerine case decide case_01M… approve --version 8 --reason documents_ok --comment 'Checked against the register.'",
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := d.body(args[1])
			if err != nil {
				return err
			}
			err = t.moveCase(cmd, message{
				method: http.MethodPost, path: casePath(args[0], "decisions"), body: body, header: http.Header{"If-Match": {strconv.Quote(strconv.Itoa(d.version))}},
			})
			return outpaced(err, args[0], d.version)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&d.version, "version", 0, "version of the case that the decision is based on, as printed by case show")
	flags.StringVar(&d.reason, "reason", "", "reason code of the decision, as the workflow defines it")
	flags.StringVar(&d.comment, "comment", "", "reason in words, for the history")
	flags.StringVar(&d.message, "message", "", "message to the applicant, shown with the documents that are requested again")
	flags.StringVar(&d.onBehalf, "as", "", "id of the person who decides, for a key that decides on behalf of people")
	flags.StringArrayVar(&d.hits, "hit", nil, "ID=match or ID=not_a_match: answer for a possible match; repeatable")
	flags.StringArrayVar(&d.documents, "document", nil, "ID=approved, ID=rejected or ID=revision, optionally followed by ,REASON: decide a document together with the case; repeatable")
	flags.DurationVar(&d.undo, "undo", 0, "how long the decision can be undone, at most 30s; its effects are delayed until then")
	return cmd
}

func caseCancelCommand(t *target) *cobra.Command {
	var version int
	var reason, key string
	cmd := &cobra.Command{
		Use: "cancel CASE --reason TEXT", Short: "Cancel a case of a running system: it ends without an outcome, and so do its child cases", Args: cobra.ExactArgs(1),
		Long: "Cancels a case: it ends where it is, without an outcome, its work is stopped, and its child cases are cancelled. Managers and administrators\n" +
			"may, and keys with the permission cases:operate. With a person's token, --version is required, as printed by `ballerine case show`:\n" +
			"a case that has changed since is not cancelled, and the changes are listed.",
		Example: "  ballerine case cancel case_01M… --version 8 --reason 'The customer has withdrawn.'",
		RunE: func(cmd *cobra.Command, args []string) error {
			var wrong []error
			if strings.TrimSpace(reason) == "" {
				wrong = append(wrong, errors.New("--reason is required: it is kept in the history"))
			}
			if version < 0 {
				wrong = append(wrong, errors.New("--version must be a version number, as printed by `ballerine case show`"))
			}
			if len(wrong) > 0 {
				return usageError{errors.Join(wrong...)}
			}
			header := once(key)
			if version > 0 {
				if header == nil {
					header = http.Header{}
				}
				header.Set("If-Match", strconv.Quote(strconv.Itoa(version)))
			}
			err := t.moveCase(cmd, message{method: http.MethodPost, path: casePath(args[0], "cancellation"), body: map[string]any{"reason": reason}, header: header})
			return outpaced(err, args[0], version)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the history")
	cmd.Flags().IntVar(&version, "version", 0, "version of the case that you have seen, as printed by case show; required with a person's token")
	onceFlag(cmd, &key)
	return cmd
}

// body of the request. Errors: usage, with everything that is wrong.
func (d decision) body(event string) (map[string]any, error) {
	var wrong []error
	if d.version < 1 {
		wrong = append(wrong, errors.New("--version is required: the version of the case that the decision is based on, as printed by `ballerine case show`"))
	}
	if d.undo < 0 || d.undo%time.Second != 0 {
		wrong = append(wrong, errors.New("--undo must be a whole number of seconds, such as 10s"))
	}
	body := map[string]any{"event": event, "undo_seconds": int(d.undo.Seconds())}
	for name, text := range map[string]string{"reason": d.reason, "comment": d.comment, "message": d.message, "on_behalf_of": d.onBehalf} {
		if text != "" {
			body[name] = text
		}
	}
	hits, documents := []map[string]any{}, []map[string]any{}
	for _, one := range d.hits {
		id, answer, _ := strings.Cut(one, "=")
		if err := oneOf("--hit ID=ANSWER", id, answer, "match", "not_a_match"); err != nil {
			wrong = append(wrong, err)
		}
		hits = append(hits, map[string]any{"hit": id, "answer": answer})
	}
	for _, one := range d.documents {
		id, rest, _ := strings.Cut(one, "=")
		answer, reason, _ := strings.Cut(rest, ",")
		if err := oneOf("--document ID=DECISION", id, answer, "approved", "rejected", "revision"); err != nil {
			wrong = append(wrong, err)
		}
		documents = append(documents, map[string]any{"id": id, "decision": answer, "reason": reason})
	}
	if body["hits"] = hits; len(documents) > 0 {
		body["documents"] = documents
	}
	if len(wrong) > 0 {
		return nil, usageError{errors.Join(wrong...)}
	}
	return body, nil
}

// oneOf states what is wrong with a flag of the form ID=WORD.
func oneOf(form, id, word string, allowed ...string) error {
	if id == "" {
		return fmt.Errorf("%s names no id", form)
	}
	if !slices.Contains(allowed, word) {
		return notOneOf(form, word, allowed)
	}
	return nil
}

// outpaced states what has happened to a case since it was read.
func outpaced(err error, id string, seen int) error {
	stale := asProblem(err, problem.Stale)
	if stale == nil {
		return err
	}
	e := problem.New(problem.Stale, "The case is no longer at version %d: review it again with `ballerine case show %s`.", seen, id)
	e.Details = stale.Details
	since, _ := stale.Details["since"].([]any)
	for _, one := range since {
		entry, _ := one.(map[string]any)
		actor, _ := entry["actor"].(map[string]any)
		what := fmt.Sprint(entry["cause"])
		if event, _ := entry["event"].(string); event != "" {
			what += " " + event
		}
		e.With(fmt.Sprintf("version %v", entry["version"]), "stale", "%s by %v %v", what, actor["kind"], actor["id"])
	}
	if len(e.Fields) == 0 {
		e.Fields = stale.Fields
	}
	return e
}

// position returns the events that the active states of a case know.
func (r remote) position(ctx context.Context, id string) (events []string, err error) {
	var where struct {
		Events []struct{ Event string }
	}
	err = r.get(ctx, casePath(id, "position"), &where)
	for _, one := range where.Events {
		events = append(events, one.Event)
	}
	return events, err
}
