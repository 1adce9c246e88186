"""`make ask`: the user's videos and words as settings of dataset `folder`, and the answer as files.

question   VIDEO=, LABELS= and the choices of make, as settings
refusals   questions that cannot be asked, or answered
answer     the answer from table detections: scores smoothed along tracks, and a label for each person
spans      from when to when a person does something
files      answer.json, detections.csv, labels.pbtxt
drawing    a frame with its persons drawn in
annotated  the video with these frames
text       the lines that are printed
"""
