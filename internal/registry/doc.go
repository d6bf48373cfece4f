// Package registry manages the published workflows, policies and plugins; each version is immutable. Shipped definitions are
// the same for every tenant; a tenant's own versions are numbered after them.
//
// Catalog reads, for the functions that run cases. Publisher writes: it checks a document, compiles a workflow, creates its
// state machine, and only then makes the version visible. Where a tenant has turned on four eyes, it creates proposals and
// publishes those that a second person has approved.
package registry
