// Everything that the page draws from the events.

import "./banner.js";
import "./board.js";
import "./log.js";
import "./plots.js";
import "./sequence.js";
import "./timeline.js";
