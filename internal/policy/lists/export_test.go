package lists

// Kept are the numbers of the editions of a list that are in memory.
func (o *Opener) Kept(tenant, list string) (numbers []int) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for key := range o.cached {
		if key.tenant == tenant && key.list == list {
			numbers = append(numbers, key.number)
		}
	}
	return numbers
}
