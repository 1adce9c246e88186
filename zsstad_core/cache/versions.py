"""The two version numbers of a cache: of its layout, and of what each stage writes into it.

`FORMAT` numbers the layout: which files an artifact and a unit consist of, and the entries of their manifests. It is in
each manifest. Code that reads another layout refuses the unit and names both numbers; nothing is redone by itself.

`SCHEMA` numbers the content, for each stage. It is in the key of each artifact of the stage. A change of what a stage
computes from the same inputs must raise its number: then the stage and all stages that read it are made anew under
other keys, and the old artifacts stay valid for the code that made them.
"""

FORMAT = 1

SCHEMA = {
    "index": 2,  # orientations, the film, times that rise
    "groundtruth": 2,  # label maps as protobuf reads them
    "finetune": 1,
    "detect": 2,  # convolutions with channels last: other last bits
    "track": 1,
    "encode": 1,
    "text": 1,
    "train": 1,
    "score": 1,
    "evaluate": 4,  # equal overlaps of tubes count for the annotated tube with the lowest number
}
