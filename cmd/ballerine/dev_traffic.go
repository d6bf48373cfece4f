package main

import (
	"errors"
	"time"

	"github.com/spf13/pflag"

	"ballerine/internal/connector"
	"ballerine/internal/connector/recording"
	"ballerine/internal/local"
)

// trafficFlags define what is done with vendors' traffic.
type trafficFlags struct{ record, replay string }

func (t *trafficFlags) flags(flags *pflag.FlagSet) {
	flags.StringVar(&t.record, "record", "", "folder to record vendors' traffic in, without secrets; vendors' answers have personal data in them")
	flags.StringVar(&t.replay, "replay", "", "folder of recorded traffic that answers instead of vendors: no vendor is called, and no secret is needed")
}

// open returns nil if traffic is neither recorded nor replayed. Errors: Invalid.
func (t *trafficFlags) open(options local.Options) (connector.Traffic, error) {
	switch {
	case t.record == "" && t.replay == "":
		return nil, nil //nolint:nilnil // vendors are asked as always
	case t.record != "" && t.replay != "":
		return nil, usageError{errors.New("use --record or --replay, not both")}
	case options.Functions != "":
		return nil, usageError{errors.New("compiled functions neither record nor replay: leave --functions out")}
	case t.replay != "":
		return recording.NewPlayer(t.replay)
	}
	return recording.NewRecorder(t.record, time.Now, options.Logger)
}
