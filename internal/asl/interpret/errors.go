package interpret

// InvokeError is how an invoked function failed: Type is the error name that Retry and Catch compare.
type InvokeError struct {
	Type    string
	Message string
}

func (e *InvokeError) Error() string { return e.Type + ": " + e.Message }

// Error names of the States Language that the engine reports itself.
const (
	ErrorTimeout           = "States.Timeout"
	ErrorHeartbeat         = "States.HeartbeatTimeout"
	ErrorTaskFailed        = "States.TaskFailed"
	ErrorAll               = "States.ALL"
	ErrorRuntime           = "States.Runtime"
	ErrorDataLimit         = "States.DataLimitExceeded"
	ErrorNoChoiceMatched   = "States.NoChoiceMatched"
	ErrorResultPathFailure = "States.ResultPathMatchFailure"
)
