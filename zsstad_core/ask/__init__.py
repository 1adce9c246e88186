"""`make ask`: the user's videos and labels as settings of dataset `folder`, and the answer as files.

question   VIDEO=, LABELS= and the choices of make, as settings
refusals   checks of the question before anything is computed, and of the answer
answer     the answer from table detections: scores smoothed along tracks, and a label for each person
spans      the times from which to which a person does something
files      answer.json, detections.csv, labels.pbtxt
extras     the annotated videos and the page, each of which may fail
drawing    draw the persons into a frame
annotated  write the video with these frames
sound      its sound: copied, or encoded again
text       the lines that are printed
"""
