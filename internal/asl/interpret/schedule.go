package interpret

import (
	"container/heap"
	"time"
)

// outside is how many calls of patient functions run at once.
const outside = 4_096

// enqueueCall passes the call of a function to a worker. A call of a patient function gets no worker: it waits for an
// external system, and others would wait with it. The caller holds e.mutex.
func (e *Engine) enqueueCall(x *execution, t *thread) {
	turn := t.Turn
	call := func() { e.call(x, turn) }
	if e.config.Patient == nil || !e.config.Patient(t.function) || e.patient >= outside {
		e.enqueue(call)
		return
	}
	e.busy++
	e.patient++
	go func() {
		call()
		e.mutex.Lock()
		defer e.mutex.Unlock()
		e.patient--
		e.rest()
	}()
}

// enqueue hands work to a worker; the caller holds e.mutex. Workers live only while there is work.
func (e *Engine) enqueue(work func()) {
	e.jobs = append(e.jobs, work)
	if e.busy-e.patient < e.config.Workers {
		e.busy++
		go e.work()
	}
}

func (e *Engine) work() {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	for len(e.jobs) > 0 {
		job := e.jobs[0]
		e.jobs[0] = nil
		e.jobs = e.jobs[1:]
		e.mutex.Unlock()
		job()
		e.mutex.Lock()
	}
	e.rest()
}

// rest counts a worker that has no more work; the caller holds e.mutex.
func (e *Engine) rest() {
	if e.busy--; e.busy == 0 {
		e.idle.Broadcast()
	}
}

// Busy counts the workers at work and the work that waits for one: 0 when every execution waits.
func (e *Engine) Busy() int {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.busy + len(e.jobs)
}

// setTimer replaces an execution's timer; the caller holds e.mutex and x.mutex.
func (e *Engine) setTimer(x *execution, due time.Time) {
	x.due = due
	switch {
	case due.IsZero() && x.slot >= 0:
		heap.Remove(&e.timers, x.slot)
	case due.IsZero():
		return
	case x.slot >= 0:
		heap.Fix(&e.timers, x.slot)
	default:
		heap.Push(&e.timers, x)
	}
	e.setAlarm()
}

// setAlarm keeps the clock set to the soonest timer; the caller holds e.mutex.
func (e *Engine) setAlarm() {
	if e.closed || len(e.timers) == 0 {
		return // an unnecessary alarm does no harm
	}
	soonest := e.timers[0].due
	if !e.alarm.IsZero() && !soonest.Before(e.alarm) {
		return
	}
	e.silence()
	e.alarm = soonest
	e.silence = e.config.Clock.AfterFunc(max(0, soonest.Sub(e.config.Clock.Now())), e.ring)
}

// ring hands everything that is due to the workers.
func (e *Engine) ring() {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.alarm = time.Time{}
	if e.closed {
		return
	}
	now := e.config.Clock.Now()
	for len(e.timers) > 0 && !e.timers[0].due.After(now) {
		x := heap.Pop(&e.timers).(*execution)
		e.enqueue(func() { e.fire(x) })
	}
	e.setAlarm()
}

// timerHeap orders executions by due.
type timerHeap []*execution

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	x.(*execution).slot = len(*h)
	*h = append(*h, x.(*execution))
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	x.slot = -1
	return x
}
