package httpapi

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"ballerine/internal/cases"
	"ballerine/internal/expr"
	"ballerine/internal/identity"
	"ballerine/internal/problem"
	"ballerine/internal/webhook"
	"ballerine/internal/workflow"
)

// A caller without the permission cases:personal gets every answer without personal data. This is done only here, for
// all answers of all operations, according to their types:
//
//   - free-form values (any, map[string]any) are personal data, unless a field says `personal:"none"`. The outermost members stay,
//     their values become null, and a member "redacted": true states that;
//   - `personal:"context"` is a case's context, `personal:"properties"` what was declared with a document: what the workflow's
//     schema describes and does not mark `personal: true` stays, all else becomes null, and names that it does not know are left out;
//   - `personal:"fields"` are names of fields of the context: those that the workflow does not name itself become redactedText;
//   - `personal:"event"` is an event's data: its data about a case is ids and states only and stays; what a workflow puts into its own
//     events becomes null;
//   - `personal:"text"` is what people have written: it becomes redactedText. `personal:"name"` becomes "";
//   - `personal:"digest"` is a digest of personal data, or its length: a date of birth can be found from its digest by
// trying all dates. It becomes the zero value of its type;
//   - `personal:"query"` are filters of a list: the words that are searched for go;
//   - any other string, number or time is shown. A test lists these, so that a new one is decided about.
//
// A struct with a member Redacted gets the paths of what is missing in it, and the header X-Redacted names the permission.

// redactedText replaces a text that is not shown.
const redactedText = "[redacted]"

// withoutCases are permissions whose operations answer without a case's data: with definitions, with what has a
// permission of its own (inputs of decisions, entries of lists), or with the caller. Every other permission's answers
// are redacted.
var withoutCases = map[identity.Permission]bool{
	identity.WorkflowsRead: true, identity.Publish: true, identity.Definitions: true, identity.Approve: true, identity.SettingsWrite: true,
	identity.PoliciesRun: true, identity.Backtest: true, identity.Try: true, identity.Decisions: true,
	identity.ListsRead: true, identity.ListsWrite: true, identity.ListEntries: true, identity.KeysRead: true, identity.KeysWrite: true,
	identity.UsersRead: true, identity.SelfRead: true, identity.FlowUse: true, identity.HooksAnswer: true, identity.Anybody: true,
}

// redacts reports whether an operation's answers hold personal data that a principal may not see.
func redacts(p identity.Principal, operation string) bool {
	return !withoutCases[identity.Needs(operation)] && !identity.Has(p, identity.CasesPersonal)
}

// redacted is an answer without personal data. The answer itself is not changed: parts of it may be shared.
func redacted[O any](c context.Context, s *server, out *O) (*O, error) {
	seen := map[cases.WorkflowRef][]*workflow.Workflow{}
	r := &redactor{versions: func(ref cases.WorkflowRef) []*workflow.Workflow {
		if s.Cases == nil {
			return nil
		}
		if _, there := seen[ref]; !there {
			seen[ref] = versionsOf(c, s.Cases.Catalog, principalOf(c).Tenant, ref)
		}
		return seen[ref]
	}}
	clean, _ := r.clean(reflect.ValueOf(out), "", "").Interface().(*O)
	return clean, nil
}

// versionsOf are the version of a workflow, followed by all other existing ones: what one of them marks is not shown, so
// that a version without marks does not reveal the data of cases that are moved to it. None if one of them cannot be
// read: what is not described is not shown.
func versionsOf(c context.Context, catalog cases.Catalog, tenant string, ref cases.WorkflowRef) []*workflow.Workflow {
	own, err := catalog.Workflow(c, tenant, ref.ID, ref.Version)
	if err != nil {
		return nil
	}
	newest, err := catalog.Workflow(c, tenant, ref.ID, 0)
	if err != nil {
		return nil
	}
	found := []*workflow.Workflow{own}
	for version := newest.Version; version > 0; version-- {
		if version == own.Version {
			continue
		}
		other, err := catalog.Workflow(c, tenant, ref.ID, version)
		if problem.CodeOf(err) == problem.UnknownWorkflow {
			continue // it shipped, and was never published
		}
		if err != nil {
			return nil
		}
		found = append(found, other)
	}
	return found
}

type redactor struct {
	versions func(cases.WorkflowRef) []*workflow.Workflow
	of       *workflow.Workflow   // of the present case
	others   []*workflow.Workflow // other versions of it
	kind     string               // of the present document
	thin     bool                 // the present event holds ids and states only
	paths    []string
}

func (r *redactor) clean(v reflect.Value, tag, path string) reflect.Value {
	if tag == "none" {
		return v
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		next := reflect.New(v.Type().Elem())
		next.Elem().Set(r.clean(v.Elem(), tag, path))
		return next
	case reflect.Struct:
		return r.cleanStruct(v, path)
	case reflect.Slice:
		return r.cleanSlice(v, tag, path)
	case reflect.Map, reflect.Interface:
		return r.cleanFree(v, tag, path)
	}
	if tag == "digest" && !v.IsZero() {
		r.paths = append(r.paths, path)
		return reflect.Zero(v.Type())
	}
	if v.Kind() == reflect.String {
		if v.String() == "" || (tag != "text" && tag != "name") {
			return v
		}
		r.paths = append(r.paths, path)
		next := reflect.New(v.Type()).Elem()
		if tag == "text" {
			next.SetString(redactedText)
		}
		return next
	}
	return v
}

func (r *redactor) cleanStruct(v reflect.Value, path string) reflect.Value {
	next := reflect.New(v.Type()).Elem()
	next.Set(v)
	list := next.FieldByName("Redacted")
	hasRedacted := list.IsValid() && list.Type() == reflect.TypeFor[[]string]()
	outer, of, others, kind := r.paths, r.of, r.others, r.kind
	if hasRedacted {
		r.paths, path = nil, ""
	}
	if ref := next.FieldByName("Workflow"); ref.IsValid() && ref.Type() == reflect.TypeFor[cases.WorkflowRef]() {
		ref, _ := ref.Interface().(cases.WorkflowRef)
		if r.of, r.others = nil, nil; ref.ID != "" {
			if all := r.versions(ref); len(all) > 0 {
				r.of, r.others = all[0], all[1:]
			}
		}
	}
	switch one := next.Interface().(type) {
	case Document:
		r.kind = one.Kind
	case webhook.Envelope:
		r.thin = cases.ThinEvent(one.Type)
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		next.Field(i).Set(r.clean(v.Field(i), field.Tag.Get("personal"), within(path, field)))
	}
	r.of, r.others, r.kind = of, others, kind
	if hasRedacted {
		slices.Sort(r.paths)
		list.Set(reflect.ValueOf(slices.Clone(r.paths)))
		r.paths = outer
	}
	return next
}

// within is the path of a field, as it is written in JSON.
func within(path string, field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "" {
		name = field.Name
	}
	if field.Anonymous || name == "Body" {
		return path
	}
	return below(path, name)
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (r *redactor) cleanSlice(v reflect.Value, tag, path string) reflect.Value {
	if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
		return v
	}
	if tag == "fields" {
		return r.fields(v)
	}
	length := v.Len()
	if tag == "text" && v.Type().Elem().Kind() == reflect.String {
		length = min(length, 1) // repetitions of the same text reveal nothing
	}
	next := reflect.MakeSlice(v.Type(), length, length)
	for i := range length {
		next.Index(i).Set(r.clean(v.Index(i), tag, path))
	}
	return next
}

// cleanFree redacts values whose type does not describe their contents.
func (r *redactor) cleanFree(v reflect.Value, tag, path string) reflect.Value {
	if v.IsNil() || tag == "event" && r.thin {
		return v
	}
	switch free := v.Interface().(type) {
	case map[string]any:
		switch {
		case tag == "context" && r.of != nil:
			return r.disclose(free, (*workflow.Workflow).Shape, path)
		case tag == "properties" && r.of != nil:
			return r.disclose(free, func(w *workflow.Workflow) *expr.Shape { return w.Properties(r.kind) }, path)
		case tag == "context", tag == "properties":
			return r.disclose(free, func(*workflow.Workflow) *expr.Shape { return nil }, path)
		}
		masked, _ := r.mask(free, path).(map[string]any)
		if len(masked) > 0 {
			masked["redacted"] = true
		}
		return reflect.ValueOf(masked)
	case map[string]string:
		if tag != "query" || free["q"] == "" {
			return v
		}
		next := map[string]string{}
		for name, value := range free {
			if next[name] = value; name == "q" {
				next[name] = ""
			}
		}
		r.paths = append(r.paths, below(path, "q"))
		return reflect.ValueOf(next)
	}
	if v.Kind() == reflect.Interface {
		masked := reflect.New(v.Type()).Elem()
		if value := r.mask(v.Interface(), path); value != nil {
			masked.Set(reflect.ValueOf(value))
		}
		return masked
	}
	next := reflect.MakeMapWithSize(v.Type(), v.Len())
	for at := v.MapRange(); at.Next(); {
		next.SetMapIndex(at.Key(), r.clean(at.Value(), tag, path))
	}
	return next
}

// disclose keeps what a schema describes and no version's schema calls personal: see expr.Shape.Disclosed.
func (r *redactor) disclose(value map[string]any, shape func(*workflow.Workflow) *expr.Shape, path string) reflect.Value {
	shown, hidden := shape(r.of).Disclosed(value, path)
	for _, other := range r.others {
		left, more := shape(other).Masked(shown, path)
		shown, hidden = left, append(hidden, more...)
	}
	for _, one := range hidden {
		r.hide(one)
	}
	return reflect.ValueOf(shown)
}

// fields keeps the names of what has changed that are no data: members of the record, and what the workflow names itself.
func (r *redactor) fields(v reflect.Value) reflect.Value {
	names, _ := v.Interface().([]string)
	next := make([]string, 0, len(names))
	for _, name := range names {
		if !cases.IsMember(name) && !(r.of != nil && r.of.Names(strings.TrimPrefix(name, "context."))) {
			name = redactedText
		}
		if !slices.Contains(next, name) {
			next = append(next, name)
		}
	}
	return reflect.ValueOf(next)
}

func (r *redactor) hide(path string) {
	if !slices.Contains(r.paths, path) {
		r.paths = append(r.paths, path)
	}
}

// mask keeps lengths of lists and the outermost names, which come from a workflow, a plugin or us, and no value. Deeper
// names may be data.
func (r *redactor) mask(value any, path string) any {
	if value != nil {
		r.hide(path)
	}
	return blank(value, 1)
}

func blank(value any, named int) any {
	switch value := value.(type) {
	case map[string]any:
		next := make(map[string]any, len(value))
		for name, one := range value {
			if named > 0 {
				next[name] = blank(one, named-1)
			}
		}
		return next
	case []any:
		next := make([]any, len(value))
		for i, one := range value {
			next[i] = blank(one, named-1)
		}
		return next
	}
	return nil
}
