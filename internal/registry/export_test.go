package registry

// DigestOf is what a workspace's digest should be.
func DigestOf(w Workspace) string { return w.digest() }
