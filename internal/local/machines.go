package local

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"

	"ballerine/internal/asl/interpret"
	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
	"ballerine/internal/store/embedded"
)

// Machines are the state machines that were published on this machine. They are stored beside the executions that run them.
type Machines struct{ db *embedded.DB }

var _ registry.Machines = Machines{}

// NewMachines keeps them in the file.
func NewMachines(db *embedded.DB) Machines { return Machines{db} }

const bucketMachines = "machines" // name -> definition

var unfitForNames = regexp.MustCompile(`[^0-9A-Za-z_-]`)

// Publish implements registry.Machines.
func (m Machines) Publish(ctx context.Context, version registry.MachineVersion) (string, error) {
	if _, err := loadMachine(version.Definition); err != nil {
		return "", err
	}
	ref := cases.WorkflowRef{ID: version.Workflow, Version: version.Version}
	name := "published." + unfitForNames.ReplaceAllString(version.Tenant, ".") + "." + interpret.MachineName(ref)
	if version.Express {
		name += ".express"
	}
	if len(name) > 80 {
		return "", problem.New(problem.Invalid, "The names of tenant and workflow are too long for a state machine.")
	}
	err := m.db.Update(ctx, func(tx *embedded.Tx) error {
		// Two people may publish the same version at the same time: the machine of the second must not replace that of the
		// first, which may be the visible one.
		if there := tx.Get(bucketMachines, name); there != nil && !bytes.Equal(there, version.Definition) {
			sum := sha256.Sum256(version.Definition)
			name = name[:min(len(name), 80-17)] + "." + hex.EncodeToString(sum[:8])
		}
		tx.Put(bucketMachines, name, version.Definition)
		return nil
	})
	return name, err
}

// load reads a machine for the interpreter.
func (m Machines) load(name string) (*interpret.Machine, error) {
	var definition []byte
	if err := m.db.View(func(tx *embedded.Tx) error {
		definition = append(definition, tx.Get(bucketMachines, name)...)
		return nil
	}); err != nil {
		return nil, err
	}
	if len(definition) == 0 {
		return nil, problem.New(problem.NotFound, "No state machine %q is registered.", name)
	}
	return loadMachine(definition)
}

// loadMachine reads a compiled machine; its functions are those of this machine.
func loadMachine(definition []byte) (*interpret.Machine, error) {
	return interpret.Load(definition, map[string]string{
		"StepFunctionArn": "step", "RulesFunctionArn": "rules", "VendorFunctionArn": "vendor", "DocumentFunctionArn": "document",
		"ChildrenFunctionArn": "children", "ScreeningFunctionArn": "screening",
	})
}
