package rules

import (
	"slices"
	"strconv"
	"strings"

	"ballerine/internal/expr"
	"ballerine/internal/problem"
)

// invalidRule is the step of a trace that states which values violate the inputs.
const invalidRule = "invalid"

// maxStated bounds the violations that a step states in its reason.
const maxStated = 10

// Misfits are the places of an input that violate the policy's inputs, without values: read are those that the rules read, which
// decide; unread are the others. What is missing is no misfit: the rules state what that means.
func (p *Policy) Misfits(input map[string]any) (read, unread []expr.SchemaViolation) {
	if p.schema == nil {
		return nil, nil
	}
	for _, v := range p.schema.Check(anyOf(input)) {
		switch {
		case v.Code == "required" || v.Code == "dependentRequired":
		case p.whole || p.bound.Reads(v.Steps):
			v.Path = p.place(v.Steps)
			read = append(read, v)
		default:
			unread = append(unread, v)
		}
	}
	return read, unread
}

// violated are the misfits that decide. Values are what the paths led to: if none of them is in doubt, nothing else is checked.
func (p *Policy) violated(input map[string]any, values *expr.Values) []expr.SchemaViolation {
	if p.schema == nil || p.plain && !values.Doubtful() {
		return nil
	}
	read, _ := p.Misfits(input)
	return read
}

// place writes the steps to a value as far as the inputs name them: a name that only the data has may be personal.
func (p *Policy) place(steps []string) string {
	at := p.shape.Root()
	var named strings.Builder
	for _, step := range steps {
		_, err := strconv.Atoi(step)
		switch {
		case at.Names(step):
			at = at.Into(step)
		case err == nil && at.Names("[]"):
			named.WriteString("[" + step + "]")
			at = at.Into("[]")
			continue
		default:
			at, step = at.Into(step), "*"
		}
		named.WriteString("." + step)
	}
	return strings.TrimPrefix(named.String(), ".")
}

// promised records the fields that the inputs guarantee and whose absence leads to a rule being skipped: publishing a
// policy warns of such rules only where nothing is guaranteed.
func (d *decision) promised(one *rule, verdict expr.Verdict) {
	if d.options.Unchecked {
		return
	}
	for _, in := range one.inputs {
		if in.promised && slices.Contains(verdict.Missing, in.path) {
			d.violated = append(d.violated, expr.SchemaViolation{Path: in.path, Code: "required", Message: "is required"})
		}
	}
}

// invalid counts the outcome for values that violate the inputs. Errors: Invalid, with every place, where the policy has none.
func (d *decision) invalid() error {
	if len(d.violated) == 0 {
		return nil
	}
	least := d.policy.invalid
	if least == "" {
		e := problem.New(problem.Invalid, "The input violates the inputs of the policy %s, which states no outcome for that.", d.policy.ID)
		for _, v := range d.violated {
			e.With(strings.TrimSuffix("input."+v.Path, "."), v.Code, "%s", v.Message)
		}
		return e
	}
	d.count(least)
	if d.traced {
		d.steps = append(d.steps, systemStep(invalidRule, stated(d.violated)+". The outcome is at least "+least+".", d.references()))
	}
	return nil
}

// references are the places of what violates the inputs: its values may be anything.
func (d *decision) references() map[string]any {
	places := map[string]any{}
	for _, v := range d.violated {
		if v.Path != "" {
			places[v.Path] = reference{"input:" + v.Path}
		}
	}
	return places
}

// stated are violations in words.
func stated(violated []expr.SchemaViolation) string {
	var parts []string
	for _, v := range violated {
		place := v.Path
		if place == "" {
			place = "the input"
		}
		if part := place + " " + v.Message; !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if more := len(parts) - maxStated; more > 0 {
		parts = append(parts[:maxStated], "and "+strconv.Itoa(more)+" more")
	}
	return "The input is not as declared: " + strings.Join(parts, "; ")
}
