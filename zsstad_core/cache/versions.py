"""The two version numbers of a cache: of its layout, and of what each stage writes into it.

`FORMAT` numbers the layout: which files an artifact and a unit are made of, and what their manifests say. It stands in
each manifest. Code that reads another layout refuses the unit and names both numbers; nothing is redone by itself.

`SCHEMA` numbers the content, for each stage. It stands in the key of each artifact of the stage. Who changes what a
stage computes from the same inputs raises its number: then the stage and all that reads it are made anew under other
keys, and what was there stays valid for the code that made it.
"""

FORMAT = 1

SCHEMA = {
    "index": 1,
    "groundtruth": 1,
    "finetune": 1,
    "detect": 2,  # convolutions with channels last: other last bits
    "track": 1,
    "encode": 1,
    "text": 1,
    "train": 1,
    "score": 1,
    "evaluate": 3,  # chance beside the means
}
