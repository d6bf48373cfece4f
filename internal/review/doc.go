// Package review is what the people of the back office share beside the cases themselves: the views of the queue that
// they save, and who is looking at which case just now.
package review
