import { constants, setPriority } from 'node:os';

// Code that is emulated keeps both cores busy, and asserts no time: others go first. What is started from here inherits it.
// Where the kernel groups by session (sched(7), autogroup) that orders within one alone, and an emulator is a session of its own: it takes its share there.
setPriority(constants.priority.PRIORITY_LOW);
