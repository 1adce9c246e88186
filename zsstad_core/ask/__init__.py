"""`make ask`: somebody's videos and words as settings of dataset `folder`, and what is written of the scores.

question   VIDEO=, LABELS= and the choices of make, as settings
refusals   what cannot be asked, or answered
answer     table detections, by track: smoothed scores, and what each person is said to do
spans      from when to when
files      answer.json, detections.csv, labels.pbtxt
drawing    a frame with its persons
annotated  the video again, with that
text       the lines that are printed
"""
