"""Where the semantics were read: files of kohya-ss/sd-scripts at commit 48d368f (2026-02-16), to which a line is appended."""

TRAIN_NETWORK = "sd-scripts 48d368f train_network.py:"
TRAIN_UTIL = "sd-scripts 48d368f library/train_util.py:"
CUSTOM_TRAIN = "sd-scripts 48d368f library/custom_train_functions.py:"
CONFIG_UTIL = "sd-scripts 48d368f library/config_util.py:"
LORA = "sd-scripts 48d368f networks/lora.py:"
LAB = "lorascope"
