#include "emulate/ids_memory.h"
