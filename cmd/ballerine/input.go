package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// objectInput is a JSON object from the command line: a file, or standard input, and single members that override it.
type objectInput struct {
	file string
	set  []string
}

// flags add --file and --set by their names.
func (o *objectInput) flags(cmd *cobra.Command, file, set, what string) {
	cmd.Flags().StringVar(&o.file, file, "", what+": JSON object, or a file with one; - is standard input")
	cmd.Flags().StringArrayVar(&o.set, set, nil, "PATH=VALUE: a member of "+what+", as in a.b=c; VALUE is parsed as JSON if possible, otherwise taken as text; repeatable")
}

// read returns the object; nil if there was no input. Errors: usage, and problems of the file.
func (o *objectInput) read(cmd *cobra.Command) (map[string]any, error) {
	if o.file == "" && len(o.set) == 0 {
		return nil, nil //nolint:nilnil // no input is no error
	}
	object, err := readObject(cmd, o.file)
	if err != nil {
		return nil, err
	}
	if object == nil { // the file contains null
		object = map[string]any{}
	}
	for _, one := range o.set {
		if err := setMember(object, one); err != nil {
			return nil, usageError{err}
		}
	}
	return object, nil
}

// onlyOneReads fails when more than one input is standard input, which can be read once.
func onlyOneReads(inputs ...string) error {
	readers := 0
	for _, file := range inputs {
		if file == "-" {
			readers++
		}
	}
	if readers > 1 {
		return usageError{errors.New("only one flag can read standard input (-)")}
	}
	return nil
}

// setMember sets PATH=VALUE in an object, and makes the objects on the way. Errors name paths, never values.
func setMember(object map[string]any, text string) error {
	path, value, ok := strings.Cut(text, "=")
	steps := strings.Split(path, ".")
	for _, step := range steps {
		ok = ok && step != ""
	}
	if !ok {
		return errors.New("a member is set with PATH=VALUE, such as applicant.country=SE")
	}
	for i, step := range steps[:len(steps)-1] {
		inner, isObject := object[step].(map[string]any)
		if _, there := object[step]; there && !isObject {
			return fmt.Errorf("%s is not an object, so that %s cannot be set", strings.Join(steps[:i+1], "."), path)
		}
		if inner == nil {
			inner = map[string]any{}
			object[step] = inner
		}
		object = inner
	}
	object[steps[len(steps)-1]] = valueOf(value)
	return nil
}

// valueOf is JSON where a text reads as such, and else the text itself.
func valueOf(text string) any {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil || decoder.More() {
		return text
	}
	if rest, err := decoder.Token(); rest != nil || err == nil {
		return text
	}
	return value
}
