#pragma once
#include <linux/filter.h>
#include <seccomp.h>
