// A plain worker that keeps a core busy until it is terminated: the control for measurements.
let turns = 0
for (;;) turns = (turns + 1) | 0
