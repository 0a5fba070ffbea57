#include "emulate/ids_credentials.h"
