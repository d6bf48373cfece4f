// Package rescreening screens kept subjects again when a watch list changes. Subjects are many and the changes of a list
// are few: the index is built of the list's changes, and each subject's question is looked up in it. A run processes a
// tenant's subjects in turns of a bounded time, stores its place after each page, and opens a case for a subject with
// hits that nobody has answered. Any turn can be interrupted and repeated.
package rescreening
