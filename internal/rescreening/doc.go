// Package rescreening screens kept subjects again when a watch list changes. Subjects are many and what is new on a list is little:
// the index is of the list's news, and each subject's question is looked up in it. A run goes through a tenant's subjects in turns of
// a bounded time, keeps its place after each page, and opens a case for a subject with hits that nobody has answered. Any turn can be
// broken off and repeated.
package rescreening
