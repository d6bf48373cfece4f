// Package registry keeps what tenants publish: workflows, policies and plugins, each version immutable. What ships with
// the software is the same for every tenant; what a tenant publishes comes after it and is numbered on.
//
// Catalog is the reading side, for the functions that run cases. Publisher is the writing side: it checks a document,
// compiles a workflow, makes its state machine, and only then lets the version be seen. Where a tenant has turned four
// eyes on, it makes proposals, and publishes what a second person has approved.
package registry
